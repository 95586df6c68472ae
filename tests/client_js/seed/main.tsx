import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SocketProvider } from 'business-chat-client/react';
import { AuthContext, parameters } from './AuthContext.js';
import ChatComponent from './ChatComponent.js';

const given = (name: string) => parameters.get(name) ?? '';

createRoot(document.body.appendChild(document.createElement('main'))).render(
  <StrictMode>
    <AuthContext.Provider value={{ user: { id: given('userId') } }}>
      <SocketProvider url={given('url')} token={given('token')}>
        <ChatComponent conversationId={given('conversationId')} />
      </SocketProvider>
    </AuthContext.Provider>
  </StrictMode>,
);
